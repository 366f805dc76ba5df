#pragma once

#include <cstddef>
#include <string>

namespace keep::recall {

struct RecallSettings {
  bool enabled = true;               // before an answer; in the middle of one, others ask for it
  std::size_t budget_tokens = 1024;  // of recalled text in one request, at most
  double floor = 0.4;                // relevance below which nothing is recalled
  double fog_alpha = 0;              // how much distance counts against a passage; 0: nothing
  std::string placement = "auto";    // where recalled text stands: auto, system, user
  std::size_t index_bytes = std::size_t{512} << 20;  // memory for indexes; the least used go first
  std::string embeddings_url;       // server of vectors, http://host:port; empty: none
  std::string embeddings_model;     // named in requests; empty: none is
  std::string embeddings_key_file;  // file with its API key; empty: none
  std::string folder;               // state folder: vectors are kept below it
};

}  // namespace keep::recall
