// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_FILE_AGE_HPP
#define SIXFOLD_EXT_FILE_AGE_HPP

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <system_error>

#include "sixfold/time.hpp"

namespace sixfold::inline v0 {

/// How long ago a journal was last written, by the date of its file, or of the log that SQLite keeps beside a database for a while;
/// 0 if that is not known. It is for `incarnation::away`. Call it before you open the journal, as opening writes the file:
///
///     const sixfold::incarnation life = sixfold::new_life(sixfold::file_age(file));
///
/// It is never more than the time since the last record was written, as far as the system's date is right.
[[nodiscard]] inline duration file_age(const std::string& file) {
    using clock = std::filesystem::file_time_type::clock;
    const auto now = clock::now();
    auto last = (std::filesystem::file_time_type::min)();
    for (const std::string& each : {file, file + "-wal"}) {
        std::error_code error;
        const auto written = std::filesystem::last_write_time(each, error);
        last = error ? last : (std::max)(last, written);
    }
    if (last == (std::filesystem::file_time_type::min)() || last > now) {
        return duration::zero();
    }
    return std::chrono::duration_cast<duration>(now - last);
}

}  // namespace sixfold::inline v0

#endif
