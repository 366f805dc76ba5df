// What most tests include, read once per build; see proxy/prebuilt/headers.hpp.
#pragma once

#include "prebuilt/headers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
