# Compiler and linker settings that every target shares.
option(RELAIS_TESTS "Build the tests and the benchmarks" ON)
set(RELAIS_UNITY "OFF" CACHE STRING "Whose files are compiled as one source a folder: OFF, TESTS, ALL")
option(RELAIS_FUZZ "Build the libFuzzer targets (clang only)" OFF)
set(RELAIS_SANITIZE "" CACHE STRING "Sanitizers: empty, 'address;undefined' or 'thread'")

# Paths below the checkout do not count, so that a second checkout finds what the first has compiled; a precompiled
# header is told apart by its bytes, which are the same for the same headers.
find_program(RELAIS_CCACHE ccache)
if(RELAIS_CCACHE)
  set(relais_launcher "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros "${RELAIS_CCACHE}")
  set(CMAKE_C_COMPILER_LAUNCHER ${relais_launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${relais_launcher})
endif()

add_library(relais_options INTERFACE)
target_compile_options(relais_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wno-missing-field-initializers
  -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(relais_options INTERFACE "SHELL:$<$<COMPILE_LANGUAGE:CXX>:-Xclang -fno-pch-timestamp>")
endif()
find_program(RELAIS_LLD NAMES ld.lld-19 ld.lld)
if(RELAIS_LLD)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_link_options(relais_options INTERFACE "--ld-path=${RELAIS_LLD}")
  else()
    target_link_options(relais_options INTERFACE -fuse-ld=lld)
  endif()
endif()

if(RELAIS_SANITIZE)
  list(JOIN RELAIS_SANITIZE "," relais_sanitizers)
  target_compile_options(relais_options INTERFACE "-fsanitize=${relais_sanitizers}" -fno-sanitize-recover=all)
  target_link_options(relais_options INTERFACE "-fsanitize=${relais_sanitizers}")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND "undefined" IN_LIST RELAIS_SANITIZE)
    target_compile_options(relais_options INTERFACE -fno-sanitize=function,vptr)
    target_link_options(relais_options INTERFACE -fno-sanitize=function,vptr)
  endif()
endif()
if(RELAIS_FUZZ)
  target_compile_options(relais_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
