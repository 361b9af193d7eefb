# Of what ships: sanitizers and the debugger's build need it otherwise.
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT ALLOY_SANITIZE)
  add_test(NAME hardening COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/hardening/hardening.py $<TARGET_FILE:alloy>)
  set_tests_properties(hardening PROPERTIES LABELS quick)
endif()
