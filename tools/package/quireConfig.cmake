# find_package(quire): the targets of CMakeLists.txt in share/quire, which says what they are. They are compiled in the project
# that asks for them, by its own flags.
if(NOT TARGET quire_headers)
    get_filename_component(quire_prefix ${CMAKE_CURRENT_LIST_DIR}/../../.. ABSOLUTE)
    add_subdirectory(${quire_prefix}/share/quire ${CMAKE_BINARY_DIR}/quire-package EXCLUDE_FROM_ALL)
endif()
