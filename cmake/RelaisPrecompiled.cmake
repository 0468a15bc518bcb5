# Nearly all of the time of a file goes into the headers that it includes. What the files of a room have in common is
# compiled once, in four steps; each room takes the highest of them that it may know.
set(precompiled_source "${CMAKE_BINARY_DIR}/generated/precompiled.cc")
file(CONFIGURE OUTPUT "${precompiled_source}" CONTENT "// Holds a precompiled header.\n")

# relais_precompile(NAME LINKS target… ROOMS folder… HEADERS header…): the standard's headers, and these of these rooms.
function(relais_precompile name)
  cmake_parse_arguments(ARG "" "" "LINKS;ROOMS;HEADERS" ${ARGN})
  add_library(${name} OBJECT "${precompiled_source}")
  target_link_libraries(${name} PRIVATE relais_options Boost::json fmt::fmt ${ARG_LINKS})
  foreach(folder IN LISTS ARG_ROOMS)
    relais_include_root("${folder}" root)
    target_include_directories(${name} PRIVATE "${root}")
  endforeach()
  target_precompile_headers(${name} PRIVATE <algorithm> <array> <boost/json.hpp> <charconv> <chrono> <cstdint>
    <filesystem> <functional> <map> <memory> <mutex> <optional> <set> <span> <string> <string_view> <unordered_map>
    <unordered_set> <utility> <variant> <vector> ${ARG_HEADERS})
endfunction()

set(below_rules ledger/base ledger/crypto ledger/statement ledger/rules)
set(below_log ${below_rules} ledger/merkle ledger/store ledger/vault ledger/log)
relais_precompile(precompiled_base)
relais_precompile(precompiled_schemas LINKS relais_schemas HEADERS <capnp/dynamic.h> <schemas/event.capnp.h>)
relais_precompile(precompiled_rules LINKS relais_schemas ROOMS ${below_rules}
  HEADERS <schemas/event.capnp.h> <ledger/rules/rule_set.h>)
relais_precompile(precompiled_log LINKS relais_schemas Threads::Threads ROOMS ${below_log}
  HEADERS <schemas/event.capnp.h> <ledger/log/ledger.h>)

function(relais_take_precompiled target folder)
  if(folder MATCHES "^(ledger/log|ledger/clock|projections|replay|api|cli)$")
    set(from precompiled_log)
  elseif(folder MATCHES "^(ledger/rules|schemas/doc)$")
    set(from precompiled_rules)
  elseif(folder STREQUAL "ledger/statement")
    set(from precompiled_schemas)
  else()
    set(from precompiled_base)
  endif()
  target_precompile_headers(${target} REUSE_FROM ${from})
endfunction()
