// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_POSTGRES_VALUES_HPP
#define SIXFOLD_EXT_POSTGRES_VALUES_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>  // memcpy
#include <memory>
#include <vector>

#include <libpq-fe.h>

#include "sixfold/types.hpp"

// Values on their way to PostgreSQL and back, in its binary format: numbers with the highest byte first.

namespace sixfold::inline v0 {

namespace detail {

template <class Number>
void put_big_endian(std::vector<std::byte>& to, Number value) {
    for (std::size_t shift = 8 * sizeof value; shift != 0; shift -= 8) {
        to.push_back(static_cast<std::byte>(static_cast<std::uint64_t>(value) >> (shift - 8)));
    }
}

}  // namespace detail

/// A column of values, an array to PostgreSQL: of bytes, or of integers; some of them NULL. Its memory grows to the longest, and
/// stays.
class postgres_array {
  public:
    /// What its values are.
    enum class of : std::uint32_t {
        blob = 17,     ///< bytea
        integer = 20,  ///< bigint
    };

    /// Empty.
    explicit postgres_array(of what) : what_(what) { clear(); }

    /// Empty again.
    void clear() {
        count_ = 0;
        encoded_.clear();
        for (const std::uint32_t word : {1U, 1U, static_cast<std::uint32_t>(what_), 0U, 1U}) {
            detail::put_big_endian(encoded_, word);  // dimensions, NULLs, type, size, first index
        }
    }
    /// Another one.
    void add(bytes value) {
        detail::put_big_endian(encoded_, static_cast<std::uint32_t>(value.size()));
        encoded_.insert(encoded_.end(), value.begin(), value.end());
        ++count_;
    }
    /// Another one.
    void add(std::int64_t value) {
        detail::put_big_endian(encoded_, std::uint32_t{8});
        detail::put_big_endian(encoded_, value);
        ++count_;
    }
    /// Another one, which is NULL.
    void add(std::nullptr_t /*null*/) {
        detail::put_big_endian(encoded_, std::uint32_t{0xFFFFFFFF});
        ++count_;
    }

    /// How many there are.
    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    /// As PostgreSQL reads them. Good until it is changed.
    [[nodiscard]] bytes encoded() {
        for (std::size_t i = 0; i < 4; ++i) {
            encoded_[12 + i] = static_cast<std::byte>(count_ >> (24 - 8 * i));
        }
        return encoded_;
    }

  private:
    of what_;
    std::size_t count_ = 0;
    std::vector<std::byte> encoded_;
};

/// The values for $1, $2, ... of a statement. Bytes and arrays are referred to, until the statement is sent.
class postgres_values {
  public:
    /// In their order: integers, bytes, or arrays.
    template <class... Values>
    explicit postgres_values(Values&... values) {
        numbers_.reserve(8 * sizeof...(values));
        (add(values), ...);
    }
    postgres_values(const postgres_values&) = delete;
    postgres_values& operator=(const postgres_values&) = delete;

    /// How many there are.
    [[nodiscard]] int count() const noexcept { return static_cast<int>(data_.size()); }
    /// Where each of them is.
    [[nodiscard]] const char* const* data() const noexcept { return data_.data(); }
    /// How many bytes each of them has.
    [[nodiscard]] const int* sizes() const noexcept { return sizes_.data(); }
    /// That each of them is binary.
    [[nodiscard]] const int* formats() const noexcept { return formats_.data(); }

  private:
    void add(const std::int64_t& value) {
        const std::size_t at = numbers_.size();
        detail::put_big_endian(numbers_, value);
        add(bytes(numbers_).subspan(at));
    }
    void add(postgres_array& values) { add(values.encoded()); }
    void add(const bytes& value) {
        data_.push_back(value.empty() ? "" : reinterpret_cast<const char*>(value.data()));
        sizes_.push_back(static_cast<int>(value.size()));
        formats_.push_back(1);
    }

    std::vector<std::byte> numbers_;  // of the integers; it never grows beyond what was reserved
    std::vector<const char*> data_;
    std::vector<int> sizes_;
    std::vector<int> formats_;
};

/// The rows that a statement gave, all of them. What it hands out is good as long as it is there.
class postgres_rows {
  public:
    /// None.
    postgres_rows() = default;
    /// Takes it over.
    explicit postgres_rows(PGresult* result) : result_(result) {}

    /// What libpq calls their status; -1: there is no result.
    [[nodiscard]] int status() const noexcept {
        return result_ ? static_cast<int>(PQresultStatus(result_.get())) : -1;
    }
    /// libpq's own, for what is not here.
    [[nodiscard]] const PGresult* get() const noexcept { return result_.get(); }
    /// How many there are.
    [[nodiscard]] int size() const noexcept { return result_ ? PQntuples(result_.get()) : 0; }
    /// Whether a value is NULL; rows and columns count from 0.
    [[nodiscard]] bool null(int row, int column) const noexcept {
        return PQgetisnull(result_.get(), row, column) != 0;
    }
    /// The bytes of a value; NULL has none.
    [[nodiscard]] bytes blob(int row, int column) const noexcept {
        return {reinterpret_cast<const std::byte*>(PQgetvalue(result_.get(), row, column)),
                static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
    }
    /// An integer or a boolean; NULL is 0.
    [[nodiscard]] std::int64_t integer(int row, int column) const noexcept {
        std::uint64_t value = 0;
        for (const std::byte each : blob(row, column)) {
            value = value << 8 | static_cast<std::uint64_t>(each);
        }
        return static_cast<std::int64_t>(value);
    }

  private:
    struct clear {
        void operator()(PGresult* result) const noexcept { PQclear(result); }
    };
    std::unique_ptr<PGresult, clear> result_;
};

}  // namespace sixfold::inline v0

#endif
