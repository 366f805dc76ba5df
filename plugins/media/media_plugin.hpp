// media: pictures, sounds and files that the model behind us cannot read.
//
//   on_request           in what the user has just said: a 400 that names the kind and the model.
//   In
//                        what came before, and in results of tools: a short text stands in for it,
//                        the same one every time, so that the prefix cache holds
//   on_upstream_request  the same for messages that hygiene has changed since
//
// Nothing is done while an upstream does not tell what it reads (GET /props, modalities). The
// record keeps what the client sent. Loop thread only.
#pragma once

#include "exchange/interfaces/services.hpp"
#include "exchange/interfaces/upstreams.hpp"
#include "exchange/plugin.hpp"

#include <memory>

namespace keep::media {

std::unique_ptr<Plugin> make_media(Services& services, Upstreams& upstreams);

}  // namespace keep::media
