# Property tests stand inside the unit tests of these rooms.
find_package(rapidcheck REQUIRED)
foreach(room core search projections reports)
  if(TARGET ${room}_test)
    target_link_libraries(${room}_test PRIVATE rapidcheck)
  endif()
endforeach()
# The search store is tested on a disk that loses power.
target_sources(search_test PRIVATE support/faulty_filesystem.cpp support/faulty_disk.cpp)
if(TARGET reports_test)
  target_sources(reports_test PRIVATE reports/ledger.cpp)
endif()
