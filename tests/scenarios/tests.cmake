# End to end: each file starts the real program on a folder and a port of its own and speaks HTTP to it.
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
foreach(scenario bad_input charts credentials doors events finance flapping generated isolation isolation_ways limits lists mass_assignment mcp openapi operations organization
        tags terminal tickets targets tickets_past transfer trust_doors trust_exceptions trust_mcp webhooks writes)
  add_test(NAME scenarios.${scenario} COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/scenarios/${scenario}.py
    $<TARGET_FILE:alloy> ${CMAKE_BINARY_DIR}/scenarios)
  set_tests_properties(scenarios.${scenario} PROPERTIES LABELS quick)
endforeach()

# How long each part of it goes on: long where it counts, on what ships.
set(concurrency_seconds 5)
set(generated_requests 60)
set(mcp_frames 10000)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(concurrency_seconds 30)
  set(generated_requests 200)
  set(mcp_frames 100000)
endif()
set_tests_properties(scenarios.generated PROPERTIES ENVIRONMENT GENERATED_REQUESTS=${generated_requests})
set_tests_properties(scenarios.mcp PROPERTIES ENVIRONMENT MCP_FRAMES=${mcp_frames})
add_test(NAME scenarios.concurrency COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/scenarios/concurrency.py
  $<TARGET_FILE:alloy> ${CMAKE_BINARY_DIR}/scenarios)
set_tests_properties(scenarios.concurrency PROPERTIES LABELS slow ENVIRONMENT SCENARIO_SECONDS=${concurrency_seconds})
