# The form of the tree: who includes whom, sizes, the coroutine forms that g++ 12 breaks.
if(NOT ALLOY_TESTS_OF_FORM)
  return()
endif()
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
add_test(NAME tidy COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tests/tidy/tidy.py ${CMAKE_SOURCE_DIR})
set_tests_properties(tidy PROPERTIES LABELS quick)
