# docs/guides as they stand against the program, and the reader of guides against what it must refuse.
if(NOT ALLOY_TESTS_OF_FORM)
  return()
endif()
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
add_test(NAME guides.reader COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tests/guides/guide_test.py)
add_test(NAME guides COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tests/guides/run_guides.py ${CMAKE_SOURCE_DIR}
                             $<TARGET_FILE:alloy>)
set_tests_properties(guides.reader guides PROPERTIES LABELS quick)
