# A server for the protocol's official conformance suite, on the layer that Alloy itself speaks it with.
add_executable(mcp_fixture ${CMAKE_CURRENT_SOURCE_DIR}/mcp/fixture.cpp)
target_include_directories(mcp_fixture PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(mcp_fixture PRIVATE alloy_mcp alloy_http)
