// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_TESTS_SUPPORT_SIMULATED_DISK_HPP
#define SIXFOLD_TESTS_SUPPORT_SIMULATED_DISK_HPP

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <sixfold/parts/random.hpp>
#include <sixfold/types.hpp>

// A disk with a cache in front of it, which forgets what the rules of file systems let it forget.

namespace support {

class simulated_disk {
  public:
    /// What a loss of power leaves of what was not synced.
    enum class rest { nothing, everything, some };

    /// From the operation `at` on, counted from 1, so many fail; 0: none. They may have done it all the same.
    struct fault {
        std::size_t at = 0;
        std::size_t count = 1;
        std::errc says = std::errc::io_error;
        bool done = false;
    };

    struct file {
        std::vector<std::byte> cached;
        std::vector<std::byte> durable;
        std::size_t clean = 0;  // so much of the cache the system takes for written
    };

    std::function<void()> before_each = [] {
    };
    fault broken;
    std::size_t operations = 0;

    /// One operation, or what is done of it when it fails.
    template <class All, class Part>
    std::error_code act(All all, Part part) {
        before_each();
        ++operations;
        if (broken.at == 0 || operations < broken.at || operations >= broken.at + broken.count) {
            all();
            return {};
        }
        broken.done ? all() : part();
        return std::make_error_code(broken.says);
    }

    void name(const std::string& path, std::shared_ptr<file> what) {
        names_[path] = what;
        unsynced_names_.push_back({path, what});
    }
    void rename(const std::string& from, const std::string& to) {
        name(to, names_[from]);
        name(from, nullptr);
    }
    void sync_names() {
        durable_names_ = names_;
        unsynced_names_.clear();
    }
    /// What an earlier sync has failed to write is clean, and is not written by a later one.
    static void sync(file& what) {
        what.durable.resize(what.clean);
        what.durable.insert(what.durable.end(),
                            what.cached.begin() + static_cast<std::ptrdiff_t>(what.clean),
                            what.cached.end());
        what.clean = what.cached.size();
    }
    static void fail_sync(file& what) { what.clean = what.cached.size(); }

    /// The file of that name, as a process sees it; none where there is none.
    [[nodiscard]] file* find(const std::string& path) const {
        const auto found = names_.find(path);
        return found == names_.end() ? nullptr : found->second.get();
    }
    /// Whether no loss of power could change what is under that name, but for so many bytes at its end.
    [[nodiscard]] bool safe(const std::string& path, std::size_t end) const {
        const auto found = durable_names_.find(path);
        const file* now = find(path);
        return now != nullptr && found != durable_names_.end() && found->second.get() == now &&
               now->durable.size() + end >= now->cached.size() &&
               std::equal(now->durable.begin(), now->durable.end(), now->cached.begin());
    }

    void lose_power(rest data, rest names, sixfold::random_source& random) {
        std::size_t kept = names == rest::nothing ? 0 : unsynced_names_.size();
        kept = names == rest::some ? random.below(kept + 1) : kept;
        std::map<std::string, std::shared_ptr<file>> after = durable_names_;
        for (std::size_t i = 0; i < kept; ++i) {
            after[unsynced_names_[i].path] = unsynced_names_[i].what;
        }
        names_ = durable_names_ = std::move(after);
        unsynced_names_.clear();
        for (auto& [path, what] : names_) {
            if (what) {
                lose_power(*what, data, random);
            }
        }
    }

  private:
    struct named {
        std::string path;
        std::shared_ptr<file> what;  // none: the name is gone
    };

    /// Sectors arrive in any order, and the size is a matter of its own.
    static void lose_power(file& what, rest data, sixfold::random_source& random) {
        constexpr std::size_t sector = 16;
        std::vector<std::byte> left = what.cached;
        if (data == rest::nothing) {
            left = what.durable;
        } else if (data == rest::some && what.cached.size() > what.durable.size()) {
            const std::size_t old = what.durable.size();
            if (random.below(2) == 0) {
                left.resize(old + random.below(left.size() - old + 1));
            }
            bool kept = true;
            for (std::size_t at = old; at < left.size(); ++at) {
                kept = at == old || at % sector == 0 ? random.below(2) == 0 : kept;
                left[at] = kept ? left[at] : std::byte{0};
            }
        }
        what.cached = what.durable = std::move(left);
        what.clean = what.cached.size();
    }

    std::map<std::string, std::shared_ptr<file>> names_;
    std::map<std::string, std::shared_ptr<file>> durable_names_;
    std::vector<named> unsynced_names_;
};

/// Its files, as a journal wants them.
class simulated_files {
  public:
    explicit simulated_files(simulated_disk& disk) : disk_(&disk) {}

    std::string resolve(const std::string& path) { return path; }

    std::error_code lock(const std::string&) { return {}; }
    std::error_code read(const std::string& path, std::vector<std::byte>& into) {
        const auto* there = disk_->find(path);
        into.clear();
        const auto says = disk_->act([&] { into = there ? there->cached : into; }, [] {});
        return says || there ? says : std::make_error_code(std::errc::no_such_file_or_directory);
    }
    std::error_code create(const std::string& path) {
        file_ = std::make_shared<simulated_disk::file>();
        return disk_->act([&] { disk_->name(path, file_); }, [] {});
    }
    std::error_code write(sixfold::bytes data) {
        const auto put = [&](std::size_t size) {
            const auto part = data.first(size);
            file_->cached.insert(file_->cached.end(), part.begin(), part.end());
        };
        return disk_->act([&] { put(data.size()); }, [&] { put(data.size() / 2); });
    }
    std::error_code sync() {
        return disk_->act([&] { disk_->sync(*file_); }, [&] { disk_->fail_sync(*file_); });
    }
    std::error_code rename(const std::string& from, const std::string& to) {
        return disk_->act([&] { disk_->rename(from, to); }, [] {});
    }
    std::error_code sync_directory(const std::string&) {
        return disk_->act([&] { disk_->sync_names(); }, [] {});
    }
    std::error_code in_place(const std::string& path) {
        return std::make_error_code(
            disk_->find(path) == file_.get() ? std::errc{} : std::errc::no_such_file_or_directory);
    }
    void remove(const std::string& path) { disk_->name(path, nullptr); }

  private:
    simulated_disk* disk_;
    std::shared_ptr<simulated_disk::file> file_;
};

}  // namespace support

#endif
