# Property tests stand inside the unit tests of these rooms.
find_package(rapidcheck REQUIRED)
foreach(room core projections)
  if(TARGET ${room}_test)
    target_link_libraries(${room}_test PRIVATE rapidcheck)
  endif()
endforeach()
