// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SUPPORT_TEMPORARY_FILE_HPP
#define SIXFOLD_TESTS_SUPPORT_TEMPORARY_FILE_HPP

#include <filesystem>
#include <random>
#include <string>
#include <system_error>

namespace support {

/// A name for a file of a database, which is not there yet, in a folder of its own; all of it is
/// removed in the end. In memory where the system has such a place: no test here is about what a
/// disk keeps, and waiting for one takes a minute.
class temporary_file {
  public:
    temporary_file() {
        std::random_device random;
        do {
            folder_ = parent() / ("sixfold-" + std::to_string(random()) + std::to_string(random()));
        } while (!std::filesystem::create_directory(folder_));
    }
    temporary_file(const temporary_file&) = delete;
    temporary_file& operator=(const temporary_file&) = delete;
    ~temporary_file() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    [[nodiscard]] std::string path() const { return (folder_ / "test.db").string(); }

  private:
    [[nodiscard]] static std::filesystem::path parent() {
        const std::filesystem::path memory = "/dev/shm";
        return std::filesystem::is_directory(memory) ? memory
                                                     : std::filesystem::temp_directory_path();
    }

    std::filesystem::path folder_;
};

}  // namespace support

#endif
