// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_FILES_HPP
#define SIXFOLD_EXAMPLES_FILES_HPP

#include <cerrno>
#include <cstdio>
#include <cstring>  // strerror
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace example {

/// Something that the user can put right: one line that says what. The program ends with status 2.
struct usage_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// A file of bytes, or standard input or output when there is no path. Whatever goes wrong throws
/// a `usage_error` with the name of the file.
class file {
  public:
    using path_or_none = std::optional<std::string>;

    file(const path_or_none& path, const char* mode, std::FILE* standard, std::string_view name)
        : name_(path ? *path : name), handle_(standard, leave_open) {
        if (path) {
            handle_ = {std::fopen(path->c_str(), mode), std::fclose};
            check(handle_ != nullptr);
        }
    }

  protected:
    [[nodiscard]] std::FILE* handle() const { return handle_.get(); }

    void check(bool good) const {
        if (!good) {
            throw usage_error(name_ + ": " + std::strerror(errno));
        }
    }

  private:
    static int leave_open(std::FILE*) { return 0; }

    std::string name_;
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> handle_;
};

class input_file : file {
  public:
    /// Waits for its first byte: a folder, for example, can be opened, and only that tells that it is none.
    explicit input_file(const path_or_none& path) : file(path, "rb", stdin, "standard input") {
        const int first = get();
        is_empty_ = first == EOF;
        std::ungetc(first, handle());  // EOF is none
    }

    /// Whether there was no byte at all.
    [[nodiscard]] bool is_empty() const noexcept { return is_empty_; }
    /// The next byte, or EOF.
    [[nodiscard]] int get() {
        const int byte = std::fgetc(handle());
        check(byte != EOF || std::ferror(handle()) == 0);
        return byte;
    }

  private:
    bool is_empty_ = false;
};

class output_file : file {
  public:
    explicit output_file(const path_or_none& path, const char* mode = "wb")
        : file(path, mode, stdout, "standard output") {}

    void write(std::string_view text) {
        check(std::fwrite(text.data(), 1, text.size(), handle()) == text.size());
    }
    /// Hands over to the system what is still in a buffer of ours.
    void flush() { check(std::fflush(handle()) == 0); }
};

}  // namespace example

#endif
