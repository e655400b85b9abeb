// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_PARTS_SELDOM_HPP
#define SIXFOLD_PARTS_SELDOM_HPP

#include <memory>
#include <utility>  // move

#include "sixfold/version.hpp"

namespace sixfold::inline v0 {

/// A value that is seldom changed, and takes the size of a pointer until it is.
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
    /// The other one is as it was made then.
    seldom(seldom&&) noexcept = default;
    /// Takes the value of the other; frees the memory of its own.
    seldom& operator=(seldom other) noexcept {
        value_ = std::move(other.value_);
        return *this;
    }

    /// The value, good until the next change; null if it is as it was made.
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

    /// The same value; a value that was changed never equals one that was not.
    friend bool operator==(const seldom& a, const seldom& b) {
        return a.value_ && b.value_ ? *a.value_ == *b.value_ : a.value_ == b.value_;
    }

  private:
    void make() { value_ = std::make_unique<T>(); }

    std::unique_ptr<T> value_;
};

}  // namespace sixfold::inline v0

#endif
