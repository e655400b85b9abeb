// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SUPPORT_GOLDEN_HPP
#define SIXFOLD_TESTS_SUPPORT_GOLDEN_HPP

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

// Tables in memory, and golden files that they must equal.
//
// A golden file lies beside the test that compares with it. SIXFOLD_UPDATE_GOLDEN=1 in the environment writes it
// instead; what has changed is then a diff to review.

namespace support {

/// Rows of cells, aligned when they are written. A row of no cells is an empty line.
class table {
  public:
    using row = std::vector<std::string>;

    explicit table(std::vector<std::string> comments) : comments_(std::move(comments)) {}

    void add(row cells) { rows_.push_back(std::move(cells)); }

    [[nodiscard]] std::string text() const {
        std::vector<std::size_t> widths;
        for (const row& cells : rows_) {
            widths.resize((std::max)(widths.size(), cells.size()));
            for (std::size_t i = 0; i < cells.size(); ++i) {
                widths[i] = (std::max)(widths[i], cells[i].size());
            }
        }
        std::string out = "# SPDX-License-Identifier: BSL-1.0\n";
        for (const std::string& comment : comments_) {
            out += comment.empty() ? "#\n" : "# " + comment + "\n";
        }
        for (const row& cells : rows_) {
            std::string line;
            for (std::size_t i = 0; i < cells.size(); ++i) {
                line += cells[i] + std::string(widths[i] - cells[i].size() + 2, ' ');
            }
            line.erase(line.find_last_not_of(' ') + 1);
            out += line + "\n";
        }
        return out;
    }

  private:
    std::vector<std::string> comments_;
    std::vector<row> rows_;
};

inline std::vector<std::string> lines_of(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) {
        lines.push_back(line);
    }
    return lines;
}

/// The lines that only one of two texts has, `-` the first and `+` the second, in order; empty if they are equal. O(n²)
inline std::string difference(const std::string& first, const std::string& second) {
    const std::vector<std::string> a = lines_of(first);
    const std::vector<std::string> b = lines_of(second);
    // common[i][j]: how many lines a from i on and b from j on have in common, in order.
    std::vector<std::vector<std::size_t>> common(a.size() + 1,
                                                 std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = a.size(); i-- > 0;) {
        for (std::size_t j = b.size(); j-- > 0;) {
            common[i][j] = a[i] == b[j] ? common[i + 1][j + 1] + 1
                                        : (std::max)(common[i + 1][j], common[i][j + 1]);
        }
    }
    std::string out;
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < a.size() || j < b.size()) {
        if (i < a.size() && j < b.size() && a[i] == b[j]) {
            ++i;
            ++j;
        } else if (j == b.size() || (i < a.size() && common[i + 1][j] >= common[i][j + 1])) {
            out += "- " + a[i++] + "\n";
        } else {
            out += "+ " + b[j++] + "\n";
        }
    }
    return out;
}

/// What `text` has that the golden file has not, and the reverse; empty if they are equal, or if the file was written.
inline std::string difference_to_golden(const char* test_file, const char* name, const table& now) {
    const std::filesystem::path path = std::filesystem::path(test_file).replace_filename(name);
    const char* const update = std::getenv("SIXFOLD_UPDATE_GOLDEN");
    if (update != nullptr && std::string(update) == "1") {
        std::ofstream(path, std::ios::binary) << now.text();
    }
    std::ifstream in(path, std::ios::binary);
    std::ostringstream golden;
    golden << in.rdbuf();
    const std::string differs = difference(golden.str(), now.text());
    return differs.empty() ? "" : path.string() + " says -, the code says +\n" + differs;
}

}  // namespace support

#endif
