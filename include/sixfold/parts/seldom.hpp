// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_PARTS_SELDOM_HPP
#define SIXFOLD_PARTS_SELDOM_HPP

#include <memory>
#include <utility>  // move

#include "sixfold/version.hpp"

namespace sixfold::inline v0 {

/// A value that is most often as it was made, and then takes the size of a pointer.
///
/// The first change takes memory, which is kept until `reset`. Copies are values of their own.
template <class T>
class seldom {
  public:
    /// As it was made: no memory yet.
    seldom() = default;
    /// The same value.
    seldom(const seldom& other)
        : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
    /// What is left is as it was made.
    seldom(seldom&&) noexcept = default;
    /// The same value as the other; the memory of the one before is given back.
    seldom& operator=(seldom other) noexcept {
        value_ = std::move(other.value_);
        return *this;
    }

    /// Good until the next change; nothing if it is as it was made.
    [[nodiscard]] const T* get() const noexcept { return value_.get(); }
    /// To be changed.
    [[nodiscard]] T& edit() {
        if (!value_) {
            make();
        }
        return *value_;
    }
    /// As it was made.
    void reset() noexcept { value_.reset(); }

    /// The same value; one that was changed is none that was not.
    friend bool operator==(const seldom& a, const seldom& b) {
        return a.value_ && b.value_ ? *a.value_ == *b.value_ : a.value_ == b.value_;
    }

  private:
    void make() { value_ = std::make_unique<T>(); }

    std::unique_ptr<T> value_;
};

}  // namespace sixfold::inline v0

#endif
