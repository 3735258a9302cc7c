#!/bin/bash -e
# The root that the stage before left, as every stage of pi-gen begins.
if [ ! -d "${ROOTFS_DIR}" ]; then
	copy_previous
fi
