// ConversationStore: all conversations of a state folder. Figures of each are in memory, logs of
// the last used.
//
// Loop thread only; file work runs in pools.disk, for one conversation strictly in order. Costs
// about 400 bytes per conversation that is not open. Reading a conversation is no use of it:
// last_used, which decides who goes, moves when something is appended. Full: above max_bytes the
// tenant that has most on disk loses its least recently used idle conversations, whole, but never
// the one that was used last of all: what a tenant floods the disk with costs nobody else a word;
// above max_open (or max_open_bytes) idle logs are closed, but none with something that is in
// memory only. What the disk refused is tried again every few seconds. Missing: with() creates, or
// fails with Fault::kNotFound. Damaged files that nothing can be read from are set aside as
// *.damaged.
//
// Small conversations whose logs were closed are moved into one file, the pack, some dozens at a
// time. Everything about the pack, and whatever is in it, happens on one strand: a turn that is
// asked for while a conversation is packed comes after that.
#pragma once

#include "base/async/sequenced.hpp"
#include "exchange/interfaces/services.hpp"
#include "plugins/history/log/conversation_log.hpp"
#include "plugins/history/pack/pack.hpp"
#include "plugins/history/store/disk_trouble.hpp"
#include "plugins/history/store/open_log.hpp"
#include "plugins/history/store/small_files.hpp"
#include "plugins/history/store/store_metrics.hpp"
#include "plugins/history/store/summary.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace keep::history {

struct StoreSettings {
  std::string folder;                        // its own: STATE/conversations
  std::size_t max_open = 256;                // logs
  std::uint64_t max_open_bytes = 256 << 20;  // of memory that they take
  std::uint64_t max_bytes = 0;               // of all files; 0: no limit
  std::chrono::seconds ttl{0};               // since the last use; 0: for ever
  // Seconds since 1970; empty: as the system said when the store was made, and what passed since.
  std::function<std::int64_t()> wall_clock;
  // Told of every conversation that is no more, whatever the reason; may be empty.
  std::function<void(const ConversationName&)> on_removed;
  LogSettings log;
};

struct Totals {
  std::uint64_t conversations = 0, messages = 0, turns = 0, tokens = 0, disk_bytes = 0;
  std::uint64_t packed_bytes = 0;  // see Figures
  std::uint64_t refused = 0;       // bytes in memory, of logs that could not be written
  std::size_t open = 0;            // logs
  std::size_t damaged = 0;         // set aside when the store was opened
};

class ConversationStore {
 public:
  ConversationStore(Services& services, StoreSettings settings);
  ConversationStore(const ConversationStore&) = delete;
  ConversationStore& operator=(const ConversationStore&) = delete;

  // Reads the folder; before anything else. Fails when the folder cannot be made or read.
  Task<> open();

  // Runs fn(ConversationLog&), which returns a Result, in the conversation's turn and off the loop.
  // What has been asked for is done even if the caller is cancelled meanwhile.
  template <class Fn>
  asio::awaitable<std::invoke_result_t<Fn&, ConversationLog&>> with(ConversationName name,
                                                                    bool create, Fn fn);

  // For a look at what is in memory, without a turn and on the loop, until the next co_await.
  // nullptr: the log is not open, somebody has a turn, or something waits to be added.
  const ConversationLog* at_hand(const ConversationName& name);

  // Messages for the log at hand, which are appended with Write::kLater at the beginning of the
  // next turn, whoever's it is: a request and its answer are written in one turn. Ask for it at the
  // latest when the request ends.
  void add_later(const ConversationName& name, std::vector<NewMessage> messages);
  // Whether something waits for that turn, or for what writes it or takes it back.
  bool waits(const ConversationName& name) const;
  // Whether some of it is in memory because the disk refused it.
  bool refused(const ConversationName& name) const;

  // Writes whatever is in memory only, of all conversations, as far as it can be.
  asio::awaitable<void> write_all();
  // Closes all logs that nobody uses and packs what is small. Before the end; write_all() before.
  asio::awaitable<void> put_away();

  const DiskTrouble& trouble() const noexcept { return trouble_; }
  DiskTrouble& trouble() noexcept { return trouble_; }

  // Waits for what runs on it, then deletes its files. false: there was no such conversation.
  Task<bool> end(ConversationName name);

  std::vector<Summary> list(std::string_view tenant) const;
  std::optional<Summary> find(const ConversationName& name) const;
  Totals totals() const noexcept;

  // Lets go what is too old or too much. Done after every turn and, with a ttl, once a minute.
  void sweep();

 private:
  struct Entry {
    Figures figures;
    std::optional<Sequenced<OpenLog>> log;  // none: not open
    std::uint64_t memory = 0;               // of the open log, when its last turn ended
    std::size_t running = 0;                // turns asked for and not ended
    std::vector<NewMessage> waiting;        // see add_later()
    bool counted = false;  // in totals_, by_use_ and shares_; not while being deleted
    bool in_pack = false;  // or may be: its turns are on the pack's strand
    std::list<const ConversationName*>* queue = nullptr;  // closed_ or doomed_, if it is in one
    std::list<const ConversationName*>::iterator use, own_use, opened, queued;
  };
  struct Share {  // of one tenant that has conversations
    std::uint64_t disk_bytes = 0;
    std::list<const ConversationName*> by_use;
  };
  struct ByTenant {
    bool operator()(const ConversationName& a, const ConversationName& b) const noexcept {
      return std::tie(a.tenant, a.id) < std::tie(b.tenant, b.id);
    }
  };
  // A turn that was asked for: the entry stays until it ends.
  class Turn {
   public:
    Turn(ConversationStore& store, ConversationName name) : store_(store), name_(std::move(name)) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() { store_.leave(name_); }
    const ConversationName& name() const noexcept { return name_; }

   private:
    ConversationStore& store_;
    ConversationName name_;
  };
  template <class R>
  struct Done {
    R result;
    OpenLog::State state;
  };

  bool known(const ConversationName& name) const;
  Sequenced<OpenLog> enter(const ConversationName& name);
  std::vector<NewMessage> take_waiting(const ConversationName& name);
  void leave(const ConversationName& name);
  void note(const ConversationName& name, OpenLog::State state);
  void count(const ConversationName& name, Entry& entry, const Figures& figures);
  void discount(Entry& entry);
  void add(const std::string& tenant, const Figures& figures, int times);
  asio::awaitable<void> write_each(std::vector<ConversationName> names);
  void close_idle();
  void close_unused(std::size_t most, std::uint64_t bytes);  // until no more are open
  void close(Entry& entry);
  void set_memory(Entry& entry, std::uint64_t bytes);
  // What follows is about the pack (store_packing.cpp).
  struct PackJob;
  void may_pack(const ConversationName& name, Entry& entry);
  void enqueue(std::list<const ConversationName*>& queue, const ConversationName& name,
               Entry& entry);
  static void unqueue(Entry& entry);
  void tidy_pack();
  asio::awaitable<void> run_pack_jobs(std::size_t least);
  PackJob next_pack_job();
  void note(const PackJob& done);
  void note_removed(const PackJob& done);
  void count_pack(std::uint64_t bytes);
  const ConversationName* most_spare() const;
  void sweep_old();
  void sweep_much();
  void let_go(const ConversationName& name, bool old);
  Task<bool> remove(ConversationName name);
  asio::awaitable<void> delete_files(ConversationName name);
  asio::awaitable<void> sweep_often();
  asio::awaitable<void> try_again();
  std::int64_t wall_clock() const;

  Services& services_;
  StoreSettings settings_;
  StoreMetrics metrics_;
  const Instant begun_;
  const std::int64_t begun_at_;  // time of day
  std::map<ConversationName, Entry, ByTenant> entries_;
  std::list<const ConversationName*> by_use_, open_;  // least recently used first
  std::uint64_t open_bytes_ = 0;                      // Entry::memory of all
  std::shared_ptr<Pack> pack_;                        // used on its strand
  const Strand pack_strand_;
  // What may be packed, and what is to be deleted from the pack: no conversation is in both, or
  // twice in one.
  std::list<const ConversationName*> closed_, doomed_;
  bool tidying_ = false;
  // What the pack takes on disk beside packed_bytes, and what could not be deleted from it.
  std::uint64_t pack_overhead_ = 0, pack_undeleted_ = 0;
  std::map<std::string, Share> shares_;
  Totals totals_;
  DiskTrouble trouble_;
  bool trying_again_ = false;
};

template <class Fn>
asio::awaitable<std::invoke_result_t<Fn&, ConversationLog&>> ConversationStore::with(
    ConversationName name, bool create, Fn fn) {
  using R = std::invoke_result_t<Fn&, ConversationLog&>;
  if (!create && !known(name)) {
    co_return Error(Fault::kNotFound, Side::kDownstream, "no such conversation");
  }
  const Sequenced<OpenLog> log = enter(name);
  const Turn turn(*this, std::move(name));
  auto job = [waiting = take_waiting(turn.name()), create,
              fn = std::move(fn)](OpenLog& value) mutable {
    Done<R> done;
    if (const auto opened = value.open(create)) {
      value.add(waiting);
      done.result = fn(**opened);
    } else {
      done.result = opened.error();
    }
    done.state = value.state();
    return done;
  };
  Done<R> done = co_await log.run(std::move(job));
  note(turn.name(), std::move(done.state));
  co_return std::move(done.result);
}

}  // namespace keep::history
