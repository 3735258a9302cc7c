#!/bin/bash -e
# What differs between two builds or belongs to one box goes: identities, caches, logs, lists.
echo uninitialized > "${ROOTFS_DIR}/etc/machine-id"
rm -f "${ROOTFS_DIR}/var/lib/dbus/machine-id" "${ROOTFS_DIR}/var/lib/systemd/random-seed" "${ROOTFS_DIR}/etc/resolv.conf.bak"
rm -rf "${ROOTFS_DIR}"/var/lib/apt/lists/* "${ROOTFS_DIR}"/var/cache/apt/* "${ROOTFS_DIR}"/var/cache/ldconfig/*
rm -f "${ROOTFS_DIR}"/etc/{passwd,group,shadow,gshadow,subuid,subgid}- "${ROOTFS_DIR}"/var/lib/dpkg/*-old
find "${ROOTFS_DIR}/var/log" -type f -delete
printf '%s\n' "${TARGET_HOSTNAME}" > "${ROOTFS_DIR}/etc/hostname"
# An identity of the image, for support: which release, made from what.
printf 'IMAGE_ID=innerloop\nIMAGE_VERSION=%s\n' "${INNERLOOP_VERSION:?names the version}" >> "${ROOTFS_DIR}/usr/lib/os-release"
