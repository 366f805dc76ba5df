// Result<T>: a value or an Error. Task<T>: a coroutine that ends in one.
#pragma once

#include "base/error.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/system/result.hpp>

namespace keep {

namespace asio = boost::asio;

template <class T = void>
using Result = boost::system::result<T, Error>;

template <class T = void>
using Task = asio::awaitable<Result<T>>;

}  // namespace keep
