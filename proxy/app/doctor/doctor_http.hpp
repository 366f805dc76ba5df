// HttpEngine: doctor's questions as HTTP requests to a real server.
#pragma once

#include "app/doctor/doctor_collect.hpp"
#include "upstream/connection_pool.hpp"

#include <string>
#include <string_view>

namespace keep::doctor {

// The pool must outlive it. One thread: that of the pool's loop.
class HttpEngine final : public Engine {
 public:
  // `authorization`: value of the header of that name; empty: none is sent.
  HttpEngine(ConnectionPool& pool, std::string authorization)
      : pool_(pool), authorization_(std::move(authorization)) {}

  Task<Reply> ask(std::string_view method, std::string_view target, std::string body) override;

 private:
  ConnectionPool& pool_;
  std::string authorization_;
};

}  // namespace keep::doctor
