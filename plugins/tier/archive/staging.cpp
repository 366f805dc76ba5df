#include "plugins/tier/archive/staging.hpp"

#include "base/text/ids.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace keep::tier {

namespace {

constexpr std::string_view kPrefix = "llama-keep-";
constexpr std::size_t kMostLate = 32;

Result<> remove_leftovers(FileSystem& files, const std::string& folder) {
  const auto names = files.list_folder(folder);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (!name.starts_with(kPrefix)) continue;
    std::string path = folder;
    path.append("/").append(name);
    if (const auto removed = files.remove(path); !removed) return removed.error();
  }
  return {};
}

// Of those that are not there the last few are looked for again: a server may lie still for long.
void remove_or_note(Services& services, const std::shared_ptr<LateFiles>& late, std::string path) {
  auto job = [&services, late = std::weak_ptr(late), path = std::move(path)] {
    const auto removed = services.files.remove(path);
    if (!removed || *removed) return;
    asio::post(services.loop, [late, path] {
      const auto all = late.lock();
      if (!all) return;
      all->push_back(path);
      if (all->size() > kMostLate) all->erase(all->begin());
    });
  };
  asio::post(services.pools.disk.get_executor(), std::move(job));
}

}  // namespace

StagedFile::~StagedFile() { remove_or_note(*services_, late_, path()); }

Staging::Staging(Services& services, std::string folder)
    : services_(services), folder_(std::move(folder)), prefix_(random_id(kPrefix)) {}

Task<> Staging::clear() {
  auto job = [&files = services_.files, folder = folder_] {
    return remove_leftovers(files, folder);
  };
  co_return co_await run_on(services_.pools.disk, std::move(job));
}

std::unique_ptr<StagedFile> Staging::make(const char* kind) {
  for (std::string& path : std::exchange(*late_, {})) {
    remove_or_note(services_, late_, std::move(path));
  }
  std::string name = prefix_ + "-" + kind + "-" + std::to_string(++count_);
  return std::make_unique<StagedFile>(services_, late_, folder_, std::move(name));
}

}  // namespace keep::tier
