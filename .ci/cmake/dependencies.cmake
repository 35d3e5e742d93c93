# Where third-party libraries come from: Debian 12, linked statically: the binaries then need
# nothing but the C and C++ runtime. (Static Boost also makes a fiber switch a third cheaper, and the
# fiber sanitizer needs it.)

set(Python3_EXECUTABLE /usr/bin/python3 CACHE FILEPATH "Debian's Python")
set(SYNCHRODB_SANITIZE_FLAGS -fsanitize=address,undefined -fno-sanitize-recover=all
                             -fno-omit-frame-pointer)
# Coverage for libFuzzer everywhere; its main() only in the targets themselves.
set(SYNCHRODB_FUZZ_FLAGS -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
                         -fno-omit-frame-pointer)

# Archives with thread-local variables of their own cannot go into the Python module: it takes the
# shared libraries instead. `name` links `target` into whatever is no module.
function(synchrodb_shared_in_module name target)
  set(shared)
  foreach(library ${ARGN})
    find_library(shared_${library} lib${library}.so REQUIRED)
    list(APPEND shared ${shared_${library}})
  endforeach()
  add_library(${name} INTERFACE)
  set(in_module $<STREQUAL:$<TARGET_PROPERTY:TYPE>,MODULE_LIBRARY>)
  target_link_libraries(${name} INTERFACE "$<IF:${in_module},${shared},${target}>")
endfunction()

set(Boost_USE_STATIC_LIBS ON)
find_package(Boost 1.74 REQUIRED COMPONENTS fiber context)
synchrodb_shared_in_module(synchrodb_boost_fiber Boost::fiber boost_fiber)
synchrodb_shared_in_module(synchrodb_boost_context Boost::context boost_context)

# Cap'n Proto's package prefers its shared library; it looks into these variables first.
find_library(CapnProto_capnp_IMPORTED_LOCATION libcapnp.a)
find_library(CapnProto_kj_IMPORTED_LOCATION libkj.a)
find_library(CapnProto_kj-async_IMPORTED_LOCATION libkj-async.a)
find_library(CapnProto_capnp-rpc_IMPORTED_LOCATION libcapnp-rpc.a)
find_library(CapnProto_kj-tls_IMPORTED_LOCATION libkj-tls.a)
find_library(CapnProto_kj-http_IMPORTED_LOCATION libkj-http.a)
set(OPENSSL_USE_STATIC_LIBS ON)
find_package(CapnProto 0.9.2 CONFIG REQUIRED)
synchrodb_shared_in_module(synchrodb_capnp CapnProto::capnp capnp)
synchrodb_shared_in_module(synchrodb_kj CapnProto::kj kj)
# The archive does not name what its shared twin was linked with.
find_package(OpenSSL 3 REQUIRED)
target_link_libraries(CapnProto::kj-tls INTERFACE OpenSSL::SSL)
synchrodb_shared_in_module(synchrodb_capnp_rpc CapnProto::capnp-rpc capnp-rpc)
synchrodb_shared_in_module(synchrodb_kj_async CapnProto::kj-async kj-async)
synchrodb_shared_in_module(synchrodb_kj_http CapnProto::kj-http kj-http)
synchrodb_shared_in_module(synchrodb_kj_tls CapnProto::kj-tls kj-tls)

# abseil's package names its shared libraries; the archives lie beside them.
find_package(absl CONFIG REQUIRED)
get_property(imported DIRECTORY PROPERTY IMPORTED_TARGETS)
foreach(target ${imported})
  get_target_property(shared ${target} IMPORTED_LOCATION_NONE)
  if(target MATCHES "^absl::" AND shared MATCHES "\\.so[.0-9]*$")
    string(REGEX REPLACE "\\.so[.0-9]*$" ".a" archive ${shared})
    set_target_properties(${target} PROPERTIES IMPORTED_LOCATION_NONE ${archive})
  endif()
endforeach()

synchrodb_shared_in_module(synchrodb_flat_hash_map absl::flat_hash_map
                           absl_raw_hash_set absl_hash absl_city absl_low_level_hash
                           absl_throw_delegate)

find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(fmt REQUIRED)  # under spdlog, which is compiled into one file of ours

# Line editing for the command line; libedit's package names only its shared library.
find_library(LIBEDIT libedit.a REQUIRED)
find_library(LIBTINFO libtinfo.a REQUIRED)
find_library(LIBBSD libbsd.a REQUIRED)
find_library(LIBMD libmd.a REQUIRED)
find_package(prometheus-cpp REQUIRED CONFIG)

# The server's allocator.
find_library(LIBJEMALLOC libjemalloc.a REQUIRED)

if(SYNCHRODB_PYTHON)
  set(Python_EXECUTABLE ${Python3_EXECUTABLE} CACHE FILEPATH "The same, for pybind11")
  set(PYBIND11_FINDPYTHON ON)
  find_package(pybind11 2.10 CONFIG REQUIRED)
endif()
