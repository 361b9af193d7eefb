# End to end: each file starts the real program on a folder and a port of its own and speaks HTTP to it.
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
# By what a sanitizer could find in them: `many` have several clients at once, followers of the log or long streams, `one`
# a client that asks one thing after the other, `form` ask other programs about documents that every build answers alike.
set(many doors events flapping generated limits mcp shares_http shares_pools shares_webhooks shares_writes strangers targets transfer trust_exceptions trust_mcp trust_operators trust_streams
         trust_webhooks webhooks writes)
set(one bad_input charts shares_costs credentials finance imports isolation isolation_ways lists mass_assignment operations organization proxies shares_limits
        tags terminal tickets tickets_past trust_doors trust_invites trust_keys trust_lists trust_logins trust_names
        trust_retries trust_sessions trust_undo quotas small_doors words_lists words_names words_search)
set(form openapi)
set(scenarios ${many})
if(ALLOY_TESTS_OF_ONE_THREAD)
  list(APPEND scenarios ${one})
endif()
if(ALLOY_TESTS_OF_FORM)
  list(APPEND scenarios ${form})
endif()
foreach(scenario ${scenarios})
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
