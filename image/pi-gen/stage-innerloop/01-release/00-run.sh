#!/bin/bash -e
# Puts the release that RELEASE_ARCHIVE names into the first of two slots. Node, the native parts and all packages are in it.
: "${RELEASE_ARCHIVE:?names the release to install: image/pi-gen/build makes one}"
install -d -m 755 "${ROOTFS_DIR}/opt/innerloop/slots/a" "${ROOTFS_DIR}/opt/innerloop/update"
tar --extract --zstd --file "${RELEASE_ARCHIVE}" --directory "${ROOTFS_DIR}/opt/innerloop/slots/a" --no-same-owner
ln -sfn slots/a "${ROOTFS_DIR}/opt/innerloop/current"
ln -sfn /opt/innerloop/current/bin/innerloop "${ROOTFS_DIR}/usr/local/bin/innerloop"

# What the release says of itself is checked file by file: a card that was written badly must fail here, not at a customer's.
(cd "${ROOTFS_DIR}/opt/innerloop/slots/a" && sha256sum --quiet --strict --check files.sha256)
