#include "plugins/tier/archive/staging.hpp"

#include "base/text/ids.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace keep::tier {

namespace {

constexpr std::string_view kPrefix = "llama-keep-";

Result<> remove_leftovers(FileSystem& files, const std::string& folder) {
  const auto names = files.list_folder(folder);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (!name.starts_with(kPrefix)) continue;
    if (const auto removed = files.remove(folder + "/" + name); !removed) return removed.error();
  }
  return {};
}

}  // namespace

StagedFile::~StagedFile() {
  auto remove = [&files = services_->files, path = path()] { (void)files.remove(path); };
  asio::post(services_->pools.disk.get_executor(), std::move(remove));
}

Staging::Staging(Services& services, std::string folder)
    : services_(services), folder_(std::move(folder)), prefix_(random_id(kPrefix)) {}

Task<> Staging::clear() {
  auto job = [&files = services_.files, folder = folder_] {
    return remove_leftovers(files, folder);
  };
  co_return co_await run_on(services_.pools.disk, std::move(job));
}

std::unique_ptr<StagedFile> Staging::make(const char* kind) {
  std::string name = prefix_ + "-" + kind + "-" + std::to_string(++count_);
  return std::make_unique<StagedFile>(services_, folder_, std::move(name));
}

}  // namespace keep::tier
