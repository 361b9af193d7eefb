# End to end: each file starts the real program on a folder and a port of its own and speaks HTTP to it.
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
foreach(scenario bad_input credentials generated isolation limits lists mass_assignment openapi operations organization tags writes)
  add_test(NAME scenarios.${scenario} COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/scenarios/${scenario}.py
    $<TARGET_FILE:alloy> ${CMAKE_BINARY_DIR}/scenarios)
  set_tests_properties(scenarios.${scenario} PROPERTIES LABELS quick)
endforeach()
