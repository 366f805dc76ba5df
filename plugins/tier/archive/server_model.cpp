#include "plugins/tier/archive/server_model.hpp"

#include "base/byte_codec.hpp"

namespace keep::tier {

std::string description(const ModelRun& of) {
  std::string text = of.model;
  put(text, of.run);
  return text;
}

std::string model_of(const ServerProps& props, FileSystem& files) {
  std::string model;
  if (props.model_path.empty() || props.router) return model;
  put(model, static_cast<std::uint64_t>(props.model_path.size()));
  model += props.model_path;
  const auto file = files.info(props.model_path);
  put(model, file ? file->size : std::uint64_t{0});
  put(model, static_cast<std::uint64_t>(file ? file->modified : 0));
  model += props.build;
  return model;
}

}  // namespace keep::tier
