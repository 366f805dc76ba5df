// The separately compiled parts of Asio, Beast and Boost.URL, once for the whole program.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
#include <boost/url/src.hpp>
