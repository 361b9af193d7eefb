# Stores of earlier versions, opened by this one.
if(NOT ALLOY_TESTS_OF_ONE_THREAD)
  return()
endif()
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
add_test(NAME upgrade COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/upgrade/upgrade.py
  $<TARGET_FILE:alloy> ${CMAKE_BINARY_DIR}/scenarios)
set_tests_properties(upgrade PROPERTIES LABELS quick)
