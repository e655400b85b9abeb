// SPDX-License-Identifier: BSL-1.0

// Windows: a file that another program has open for itself alone is one that is open, and not one that nobody may read.
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <vector>

#include <share.h>

#include <sixfold/ext/file_journal.hpp>

namespace {

bool fails(bool good, const char* what) {
    if (!good) {
        std::fprintf(stderr, "shared_with_nobody: not so: %s\n", what);
    }
    return !good;
}

}  // namespace

int main() {
    const char* const path = "shared_with_nobody.tmp";
    sixfold::portable_files files;
    std::vector<std::byte> content;
    bool failed = false;
    std::FILE* const other = ::_fsopen(path, "wb", _SH_DENYRW);
    std::fputs("not a journal", other);
    std::fflush(other);
    failed |= fails(files.read(path, content) == std::errc::resource_unavailable_try_again, "read");
    failed |= fails(files.create(path) == std::errc::resource_unavailable_try_again, "create");
    failed |= fails(files.lock(path) == std::errc::resource_unavailable_try_again, "lock");
    const auto journal = sixfold::file_journal::open(path, 1);
    failed |= fails(!journal && journal.error().fault == sixfold::file_fault::locked, "open");
    std::fclose(other);
    failed |= fails(!files.read(path, content), "read when it is closed");
    failed |= fails(files.create(".") == std::errc::permission_denied, "create a folder's name");
    failed |= fails(files.lock(".") == std::errc::permission_denied, "lock a folder");
    std::filesystem::remove(path);
    return failed ? 1 : 0;
}
