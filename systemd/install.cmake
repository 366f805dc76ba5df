# Run by `cmake --install`: the service, told where the program and its configuration lie, and the
# configuration itself unless there is one: an operator's file is never overwritten.
set(prefix ${CMAKE_INSTALL_PREFIX})
if(prefix MATCHES "^/usr(/local)?/?$")
  set(etc /etc/llama-keep)
else()
  set(etc ${prefix}/etc/llama-keep)
endif()
set(here ${CMAKE_CURRENT_LIST_DIR})

file(READ ${here}/llama-keep.service unit)
string(REPLACE /usr/bin/ ${prefix}/bin/ unit "${unit}")
string(REPLACE /usr/share/ ${prefix}/share/ unit "${unit}")
string(REPLACE /etc/llama-keep ${etc} unit "${unit}")
set(unit_file $ENV{DESTDIR}${prefix}/lib/systemd/system/llama-keep.service)
message(STATUS "Installing: ${unit_file}")
file(WRITE ${unit_file} "${unit}")

set(configuration $ENV{DESTDIR}${etc}/llama-keep.toml)
if(EXISTS ${configuration})
  message(STATUS "Kept as it is: ${configuration}")
else()
  file(INSTALL ${here}/../conf/llama-keep.toml DESTINATION ${etc})
endif()
