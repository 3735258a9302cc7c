#!/bin/bash -e
# A finished root becomes a partitioned image without loop devices: boot (FAT), root (ext4), data (ext4, grown at the first boot).
# Usage: partition.sh ROOTFS IMAGE    Environment: SOURCE_DATE_EPOCH, DISK_ID (8 hex digits); MODEL_FILE is put on the data partition.
ROOTFS=$(realpath "${1:?the finished root}")
IMAGE=${2:?the image to write}
: "${SOURCE_DATE_EPOCH:?seconds since 1970: every time in the image}" "${DISK_ID:?8 hex digits: PARTUUIDs begin with it}"
MIB=$((1024 * 1024))
ALIGN_MIB=8
BOOT_MIB=512
# A second release, a release on its way, and the base system's updates.
ROOT_SPARE_MIB=${ROOT_SPARE_MIB:-1536}
DATA_MIB=64
WORK=$(mktemp -d "${TMPDIR:-/var/tmp}/innerloop-image.XXXXXX")
trap 'rm -rf "$WORK"' EXIT

round_up() { echo $((($1 + ALIGN_MIB - 1) / ALIGN_MIB * ALIGN_MIB)); }
# The same identity for the same build: nothing in an image may depend on when or where it was made.
uuid_of() {
	local hash
	hash=$(printf '%s %s' "$DISK_ID" "$1" | sha256sum)
	echo "${hash:0:8}-${hash:8:4}-4${hash:13:3}-8${hash:17:3}-${hash:20:12}"
}
make_ext4() { # FILE MIB LABEL [FOLDER]
	truncate -s "$2M" "$1"
	E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH mke2fs -q -t ext4 -L "$3" -U "$(uuid_of "$3")" \
		-E "hash_seed=$(uuid_of "$3-hash"),lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0" -m 1 ${4:+-d "$4"} "$1"
}

mkdir -p "$ROOTFS/boot/firmware" "$WORK/boot"
for file in "$ROOTFS"/boot/firmware/cmdline.txt "$ROOTFS"/etc/fstab; do
	[ ! -f "$file" ] || sed -i "s/BOOTDEV/PARTUUID=$DISK_ID-01/; s/ROOTDEV/PARTUUID=$DISK_ID-02/" "$file"
done
cp -r --preserve=timestamps "$ROOTFS/boot/firmware/." "$WORK/boot/"
find "$ROOTFS" "$WORK/boot" -xdev -newermt "@$SOURCE_DATE_EPOCH" -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +

export MTOOLS_SKIP_CHECK=1
mkfs.vfat -F 32 --invariant -i "$DISK_ID" -n bootfs -C "$WORK/boot.fat" $((BOOT_MIB * 1024)) > /dev/null
if [ -n "$(ls -A "$WORK/boot")" ]; then TZ=UTC mcopy -i "$WORK/boot.fat" -s -m "$WORK"/boot/* ::; fi

rm -rf "${WORK:?}/boot"
# The boot partition is mounted over what lies below: it must not be there twice.
mkdir "$WORK/firmware" && mv "$ROOTFS/boot/firmware" "$WORK/firmware/kept" && mkdir "$ROOTFS/boot/firmware"
ROOT_MIB=$(round_up $(($(du --summarize --apparent-size --block-size=1 "$ROOTFS" | cut -f 1) * 115 / 100 / MIB + ROOT_SPARE_MIB)))
make_ext4 "$WORK/root.ext4" "$ROOT_MIB" rootfs "$ROOTFS"
rmdir "$ROOTFS/boot/firmware" && mv "$WORK/firmware/kept" "$ROOTFS/boot/firmware"

mkdir -p "$WORK/data"
if [ -n "$MODEL_FILE" ]; then
	mkdir -p "$WORK/data/cache/models" && cp "$MODEL_FILE" "$WORK/data/cache/models/"
	DATA_MIB=$((DATA_MIB + $(stat -c %s "$MODEL_FILE") * 103 / 100 / MIB + 64))
fi
make_ext4 "$WORK/data.ext4" "$(round_up $DATA_MIB)" innerloop-data "$WORK/data"

rm -f "$IMAGE"
BOOT_AT=$ALIGN_MIB ROOT_AT=$((ALIGN_MIB + BOOT_MIB)) DATA_AT=$((ALIGN_MIB + BOOT_MIB + ROOT_MIB))
truncate -s $((DATA_AT + $(round_up $DATA_MIB)))M "$IMAGE"
sfdisk --quiet "$IMAGE" <<EOF
label: dos
label-id: 0x$DISK_ID
start=${BOOT_AT}MiB, size=${BOOT_MIB}MiB, type=c, bootable
start=${ROOT_AT}MiB, size=${ROOT_MIB}MiB, type=83
start=${DATA_AT}MiB, size=$(round_up $DATA_MIB)MiB, type=83
EOF
place() { dd if="$1" of="$IMAGE" bs=1M seek="$2" conv=notrunc,sparse status=none; }
place "$WORK/boot.fat" $BOOT_AT
place "$WORK/root.ext4" $ROOT_AT
place "$WORK/data.ext4" $DATA_AT
