// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXT_ASIO_NET_HPP
#define SIXFOLD_EXT_ASIO_NET_HPP

// Which Asio: Boost's where SIXFOLD_BOOST_ASIO is defined, as the component sixfold::boost_asio does, and standalone Asio otherwise.
// Each has an inline namespace of its own, so that a program of which one file uses this one and another file that one is no
// program with two meanings of one name.
#ifdef SIXFOLD_BOOST_ASIO
#include <utility>  // std::exchange, which Boost 1.74 uses and does not include

#include <boost/asio.hpp>
/// The inline namespace of what is made of this Asio.
#define SIXFOLD_ASIO on_boost_asio
#else
#include <asio.hpp>
/// The inline namespace of what is made of this Asio.
#define SIXFOLD_ASIO on_standalone_asio
#endif

#include "sixfold/version.hpp"

namespace sixfold::inline v0::inline SIXFOLD_ASIO {

#ifdef SIXFOLD_BOOST_ASIO
namespace net = ::boost::asio;                      ///< the Asio that is used
using net_error = ::boost::system::error_code;      ///< what it says when something failed
using net_failure = ::boost::system::system_error;  ///< the same, thrown
#else
namespace net = ::asio;                    ///< the Asio that is used
using net_error = ::asio::error_code;      ///< what it says when something failed
using net_failure = ::asio::system_error;  ///< the same, thrown
#endif

}  // namespace sixfold::inline v0::inline SIXFOLD_ASIO

#endif
