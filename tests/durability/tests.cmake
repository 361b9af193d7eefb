# What the store survives: loss of power, failing disks, changed bytes. ALLOY_SEEDS=n runs n seeds instead of 200.
if(NOT ALLOY_TESTS_OF_ONE_THREAD)
  return()
endif()
file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/durability/*.cpp)
add_executable(durability_test ${sources}
  support/faulty_filesystem.cpp support/faulty_disk.cpp)
target_include_directories(durability_test PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(durability_test PRIVATE alloy_test_main alloy_events alloy_storage)
foreach(suite power_loss bit_flip io_error)
  add_test(NAME durability.${suite} COMMAND durability_test --run_test=${suite} --log_level=message)
  set_tests_properties(durability.${suite} PROPERTIES LABELS slow)
endforeach()
