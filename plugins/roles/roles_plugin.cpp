#include "plugins/roles/roles_plugin.hpp"

#include "exchange/large_request.hpp"
#include "openai/roles/role_fit.hpp"

#include <utility>

namespace keep::roles {

namespace {

openai::BodyEdits fit(const Exchange& exchange, const openai::RoleOrders& orders) {
  return openai::fit_roles(exchange.chat, exchange.request_edits, exchange.attempt_edits, orders);
}

class RolesStage final : public Stage {
 public:
  RolesStage(ChatTemplates& templates, Pool& cpu) : templates_(templates), cpu_(cpu) {}

  MaybeTask<> on_upstream_request(Exchange& exchange) override { return put_in_order(exchange); }
  MaybeTask<> on_count(Exchange& exchange) override { return put_in_order(exchange); }

 private:
  MaybeTask<> put_in_order(Exchange& exchange) {
    if (is_large(exchange)) return order_large(exchange);
    if (fit(exchange, openai::kStrictest).empty()) return Result<>{};
    return ask_template(exchange);
  }

  Task<> order_large(Exchange& exchange) {
    const auto edits = co_await fit_for(exchange, openai::kStrictest);
    if (edits.empty()) co_return Result<>{};
    co_return co_await ask_template(exchange);
  }

  asio::awaitable<openai::BodyEdits> fit_for(const Exchange& exchange, openai::RoleOrders orders) {
    auto job = [&exchange, orders] { return fit(exchange, orders); };
    co_return co_await off_loop(cpu_, is_large(exchange), job);
  }

  Task<> ask_template(Exchange& exchange) {
    const auto orders = co_await templates_.orders(exchange.route.upstream);
    if (!orders) co_return Result<>{};
    openai::BodyEdits edits = co_await fit_for(exchange, *orders);
    for (openai::BodyEdit& edit : edits) exchange.attempt_edits.push_back(std::move(edit));
    co_return Result<>{};
  }

  ChatTemplates& templates_;
  Pool& cpu_;
};

class RolesPlugin final : public Plugin {
 public:
  RolesPlugin(Services& services, ChatTemplates& templates)
      : templates_(templates), cpu_(services.pools.cpu) {}

  std::string_view name() const noexcept override { return "roles"; }
  std::unique_ptr<Stage> begin(Exchange& exchange) override {
    if (!exchange.chat.messages_raw.is_array()) return nullptr;
    return std::make_unique<RolesStage>(templates_, cpu_);
  }

 private:
  ChatTemplates& templates_;
  Pool& cpu_;
};

}  // namespace

std::unique_ptr<Plugin> make_roles(Services& services, ChatTemplates& templates) {
  return std::make_unique<RolesPlugin>(services, templates);
}

}  // namespace keep::roles
