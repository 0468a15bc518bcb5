# relais_module(FOLDER DEPS … PRIVATE_DEPS … ALONE …): one static library a folder and its rooms, the folders in it. Which room may
# know which is in tests/architecture/modules.json.
#
# Headers are included by their path from the top ("ledger/base/id.h"). To let a target reach only what it links, each
# module's include root is a folder in the build tree that holds one link, back to that module's sources.
function(relais_target_name folder out)
  string(REPLACE "/" "_" name "${folder}")
  set(${out} "relais_${name}" PARENT_SCOPE)
endfunction()

function(relais_include_root folder out)
  relais_target_name("${folder}" name)
  set(root "${CMAKE_BINARY_DIR}/include/${name}")
  get_filename_component(parent "${root}/${folder}" DIRECTORY)
  file(MAKE_DIRECTORY "${parent}")
  file(CREATE_LINK "${CMAKE_SOURCE_DIR}/${folder}" "${root}/${folder}" SYMBOLIC)
  set(${out} "${root}" PARENT_SCOPE)
endfunction()

function(relais_link target visibility)
  foreach(dep IN LISTS ARGN)
    relais_target_name("${dep}" name)
    if(TARGET "${name}")
      target_link_libraries(${target} ${visibility} "${name}")
    else()
      target_link_libraries(${target} ${visibility} "${dep}")
    endif()
  endforeach()
endfunction()

# The files of a folder are compiled as one source: nearly all of the time goes into the headers that each of them
# includes. A file that gives a name of its own to what another one of its folder calls the same stands in ALONE, and is
# compiled by itself. What is installed is never compiled so: of two overloads that different files keep to themselves,
# another one may then be taken, in silence.
function(relais_unity target)
  cmake_parse_arguments(ARG "" "" "SOURCES;ALONE" ${ARGN})
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  # A function that nobody calls any more: another file's of the same name is taken in its place.
  target_compile_options(${target} PRIVATE -Werror=unused-function)
  foreach(source IN LISTS ARG_SOURCES)
    cmake_path(GET source PARENT_PATH folder)
    file(RELATIVE_PATH folder "${CMAKE_SOURCE_DIR}" "${folder}")
    string(MAKE_C_IDENTIFIER "${folder}" group)
    set_source_files_properties("${source}" PROPERTIES UNITY_GROUP "${group}")
  endforeach()
  foreach(source IN LISTS ARG_ALONE)
    set_source_files_properties("${source}" PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endforeach()
endfunction()

function(relais_module folder)
  cmake_parse_arguments(ARG "" "" "DEPS;PRIVATE_DEPS;ALONE" ${ARGN})
  relais_target_name("${folder}" name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/${folder}/*.cc")
  if(NOT sources)
    message(WARNING "module ${folder} has no .cc file")
    return()
  endif()
  relais_include_root("${folder}" root)
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC "${root}")
  list(TRANSFORM ARG_ALONE PREPEND "${CMAKE_SOURCE_DIR}/${folder}/")
  if(RELAIS_UNITY STREQUAL "ALL")
    relais_unity(${name} SOURCES ${sources} ALONE ${ARG_ALONE})
  endif()
  relais_link(${name} PUBLIC ${ARG_DEPS})
  relais_link(${name} PRIVATE ${ARG_PRIVATE_DEPS})
  relais_take_precompiled(${name} ${folder})
endfunction()
