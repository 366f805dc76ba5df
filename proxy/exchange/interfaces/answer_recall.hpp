// AnswerRecall: recall in the middle of an answer. Each exchange has its own, lent by recall's
// stage for as long as there are stages. Loop thread only.
#pragma once

#include "base/result.hpp"

#include <string_view>

namespace keep {

struct Exchange;

class AnswerRecall {
 public:
  virtual ~AnswerRecall() = default;
  // Searches the fog zone and the stored facts with the newest turn and with `generated`, what the
  // model made of it. True: something was found that does not stand in the prompt yet, and the next
  // attempt will have it there. exchange.continuation->withdrawn undoes that.
  virtual Task<bool> recall_more(Exchange& exchange, std::string_view generated) = 0;
};

}  // namespace keep
