# SPDX-License-Identifier: BSL-1.0
# Run by cpack before it packs what is installed in DESTDIR: Debian has licences in a place of their own.
set(doc $ENV{DESTDIR}/usr/share/doc/sixfold-dev)
file(MAKE_DIRECTORY ${doc})
file(COPY_FILE ${CMAKE_CURRENT_LIST_DIR}/../../LICENSE ${doc}/copyright)
