#pragma once
// Files that hold a secret of the server's and must be nobody else's. Any thread.
#include <string>

namespace alloy {

// What is wrong with the mode of a plain file that holds a secret: its group or others may read or change it. Empty
// where nothing is, and where there is no such file, which whoever reads it will find out. Links are followed.
std::string exposure_of(std::string const& path);

} // namespace alloy
