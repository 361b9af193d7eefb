# The real program, killed while it serves. Sanitizers make each cycle slow, so they run fewer.
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
if(ALLOY_SANITIZE)
  set(crash_arguments --cycles 20 --writes-per-cycle-min 3)
else()
  set(crash_arguments --cycles 200)
endif()
add_test(NAME crash COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/crash/crash_test.py
  --alloy $<TARGET_FILE:alloy> --folder ${CMAKE_BINARY_DIR}/crash ${crash_arguments})
set_tests_properties(crash PROPERTIES TIMEOUT 3600 RUN_SERIAL TRUE LABELS slow)
