// ScriptedUpstream: a llama-server that does exactly what a test says, on a loopback socket.
//
// /health, /props, /slots and slot actions are answered by itself (the latter on request by the
// script, too); every other request is handed to the script, which says step by step what happens
// on the wire. A thread per connection, blocking sockets: simple, and as slow as a test needs.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

namespace keep::test {

struct Received {
  std::string head;  // request line and headers, as sent
  std::string target;
  std::string body;
  std::string header(const std::string& name) const;
};

struct Send {
  std::string bytes;
};
struct Wait {
  std::chrono::milliseconds time;
};
struct WaitForClientGone {};  // at most ten seconds
struct Close {};              // at once, mid-response
struct WaitFor {              // until the flag is set, at most ten seconds
  std::atomic<bool>* flag;
};
using Step = std::variant<Send, Wait, WaitForClientGone, Close, WaitFor>;
using Script = std::function<std::vector<Step>(const Received&)>;

class ScriptedUpstream {
 public:
  ScriptedUpstream(Script script, int slots = 4);
  ~ScriptedUpstream();

  unsigned short port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  void set_health(int status) { health_ = status; }
  void set_context(int tokens) { slot_context_ = tokens; }  // of one slot
  // More members of the object that /props answers, each with a comma before it. Before the proxy
  // is started.
  void set_props(std::string more) { more_props_ = std::move(more); }
  void script_slot_actions() { own_actions_ = false; }
  // The next `answers` of /slots say that every slot is at work.
  void set_busy(int answers) { busy_answers_ = answers; }
  int busy_answers() const { return busy_answers_; }  // still to come
  std::vector<Received> received() const;             // what the script was asked
  void forget_received() { remember_ = false; }  // from here on; for tests that ask without end
  int clients_gone() const { return clients_gone_; }  // seen by WaitForClientGone
  int running() const { return running_; }            // scripts being played
  int max_running() const { return max_running_; }

 private:
  void accept_loop();
  using Workers = std::list<std::thread>;
  static void join(Workers& workers);
  void serve(boost::asio::ip::tcp::socket& socket);
  void finish(boost::asio::ip::tcp::socket& socket, Workers::iterator self);
  bool play(boost::asio::ip::tcp::socket& socket, const std::vector<Step>& steps);
  std::string own_answer(const Received& request);  // empty: the script's business
  void note_slot(const Received& request, const std::vector<Step>& steps);

  Script script_;
  int slots_;
  std::string more_props_;
  boost::asio::io_context context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  unsigned short port_;
  std::atomic<int> health_{200}, slot_context_{65536}, busy_answers_{0}, clients_gone_{0},
      running_{0}, max_running_{0};
  std::atomic<bool> stopping_{false}, remember_{true}, own_actions_{true};
  std::vector<std::atomic<int>> held_;  // tokens per slot, as chat_stream() would leave them
  mutable std::mutex mutex_;
  std::vector<Received> received_;
  std::vector<int> open_sockets_;
  Workers workers_, finished_;  // one for each connection; those that ended are joined at the next
  std::condition_variable finished_one_;
  std::thread acceptor_thread_;
};

// A whole reply with Content-Length.
std::string reply(int status, const std::string& body,
                  const std::string& type = "application/json");
// The head of a chunked event stream, one chunk, and the end of it.
std::string stream_head();
std::string chunk(const std::string& bytes);
inline std::string stream_end() { return "0\r\n\r\n"; }
// What llama-server would stream for `text`, one event per word.
std::vector<Step> chat_stream(const std::string& text, int cache_n = 0, int prompt_n = 10);
// The same as /v1/responses says it, with a type for each event.
std::vector<Step> responses_stream(const std::string& text);
std::string chat_event(const std::string& delta_json, const std::string& finish = "null",
                       const std::string& extra = "");

}  // namespace keep::test
