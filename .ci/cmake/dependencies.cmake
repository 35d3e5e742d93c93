# Where third-party libraries come from: Debian 12, linked statically wherever it ships an archive.
# (Static Boost halves the cost of a fiber switch, and the fiber sanitizer needs it.)

set(Python3_EXECUTABLE /usr/bin/python3 CACHE FILEPATH "Debian's Python")
set(SYNCHRODB_SANITIZE_FLAGS -fsanitize=address,undefined -fno-sanitize-recover=all
                             -fno-omit-frame-pointer)

set(Boost_USE_STATIC_LIBS ON)
find_package(Boost 1.74 REQUIRED COMPONENTS fiber context)

# Cap'n Proto's package prefers its shared library; it looks into these variables first.
find_library(CapnProto_capnp_IMPORTED_LOCATION libcapnp.a)
find_library(CapnProto_kj_IMPORTED_LOCATION libkj.a)
find_package(CapnProto 0.9.2 CONFIG REQUIRED)

find_package(absl CONFIG REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 REQUIRED)
