// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_RELAY_LOG_HPP
#define SIXFOLD_EXAMPLES_RELAY_LOG_HPP

#include <chrono>
#include <initializer_list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace relay_program {

enum class log_level { debug, info, warning, error };
enum class log_form { plain, json };

/// Lines on standard error: what has happened, and its details by name. From any thread.
class log {
  public:
    using details = std::initializer_list<std::pair<std::string_view, std::string>>;

    /// What is below the level is not written.
    log(log_level least, log_form form);

    void debug(std::string_view what, details more = {}) { write(log_level::debug, what, more); }
    void info(std::string_view what, details more = {}) { write(log_level::info, what, more); }
    void warning(std::string_view what, details more = {}) {
        write(log_level::warning, what, more);
    }
    void error(std::string_view what, details more = {}) { write(log_level::error, what, more); }
    /// What goes wrong again and again is told once a minute, of each kind; what was left out is counted.
    void complain(const std::string& what, details more = {});

  private:
    struct complaint {
        std::chrono::steady_clock::time_point next{};
        unsigned long left_out = 0;
    };

    void write(log_level level, std::string_view what, details more);

    log_form form_;
    std::mutex guard_;  // of the complaints
    std::map<std::string, complaint> complaints_;
};

}  // namespace relay_program

#endif
