/*
 * Known answers for guests with SEV-SNP
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A launch as sev-snp-measure 0.0.13 calculates it, which shares no code with
 * ours: the digest after each step of it, and the ID block and ID
 * authentication that its snp-create-id-block makes for the last digest with
 * the keys of its own tests, for policy 0x30000.  Byte i of page N is
 * (i + 1) * N.
 *
 * Numbers are big-endian.
 */

#ifndef TESTS_ASP_SNP_VECTORS_H
#define TESTS_ASP_SNP_VECTORS_H

/*
 * NORMAL pages 1 and 3 at 0xffc00000, ZERO from 0x800000 to 0x802000,
 * UNMEASURED at 0x802000, SECRETS at 0x80d000, CPUID at 0x80e000, and page 5
 * as VMSA
 */
#define V_SNP_LD_NORMAL "e37a9075cdabc87e50a2518f69483fb94544780a742b6b33" \
                        "1e7e35bb5cad67289127149f99a54d961eb9315889a59b92"
#define V_SNP_LD_ZERO "c325d21e236f56f6dc0e060999aa9b5706979413a0e3c9c7" \
                      "6c3134e615843b1e914616e5e69494e5567f25d102431a79"
#define V_SNP_LD_UNMEASURED "4cf3e4c38dc4396a29344481a49bb13b589ca02e7f8b7e71" \
                            "17a735c12773b85385f1500097c4b44d1e4e1ebef3230b04"
#define V_SNP_LD_SECRETS "b4b74d4545ae7837dcc69b39fd405e02e105df24e5bab28c" \
                         "39eaf3048e558a7e4df0cdcc8d7df9153cc89a79477fce07"
#define V_SNP_LD_CPUID "c8c77ba121ce2c176a11a165a4b47dae5e94017ffaf5790e" \
                       "b5d13aaa081b8fd818a48345d38b731ac4ac1012dc7296eb"
#define V_SNP_LD_VMSA "41de5ccf2f9cdb3a6e3fcb03b3bed021edfc84e3e54d2d8d" \
                      "048f969b6880eb2eccafbc60ba5f280a934006e4631861bd"

/*
 * By Python's hashlib: a page ZERO at 0x5000 with permissions 1, 2 and 4, and
 * 512 pages NORMAL from 0x200000: page 1, 510 of zeros, page 3
 */
#define V_SNP_LD_PERMS "e41c2b4c70edd903df65bdcab1ba767c409289267740984b" \
                       "33fe3d68d1a7c7dff8b48a9d4b185dcf70211cd55e16f632"
#define V_SNP_LD_LARGE "3c8ffd2661c741fca0b9922762a7beddefa6a51195906bf6" \
                       "e87195f76355d14af685e193096ae4ab0127f29509579ad9"

/* The two public keys */
#define V_SNP_ID_X "b20fd1a1c2bd2b65183a76e2390ac805f6d8e5e2af725e5a" \
                   "8e93cf87ec029f9d45eb326b04b92beb714e14fa986f8a9a"
#define V_SNP_ID_Y "2c94a0b8ab30cc76352675944876891e954ff6ef5826a623" \
                   "1ba6d6d7f6ebfb68ce330e1e59394efb7080883ddc69364b"
#define V_SNP_AUTHOR_X "06811fc62409bf2d9ae51c07423254d893c6c23fbf164af3" \
                       "383b0f813a627e6168d9067a7f4bd97990588c18411210a0"
#define V_SNP_AUTHOR_Y "32b420a22656d271dcfd4e25668c72fd58bb5f6851fe472f" \
                       "9d160f880b14df4c3623068962cde4d608e737342da912c9"

/* Signatures of the ID block by the ID key, of that by the author key */
#define V_SNP_BLOCK_R "1d28e371d1a24787b060245a08fe7151753c06c4d5e2f176" \
                      "af5325b5a49a106d9086056ba420ab4d6955ff250794e11a"
#define V_SNP_BLOCK_S "32482eaaefbd2946ef63df3a05ffbcf77242e01ba80da85f" \
                      "e40b80df550309ae14d9ff6e208de189a4ab96a70d24bc49"
#define V_SNP_KEY_R "f10965c45396c77a7e049b17dd7910ce361bfb8c7f39398e" \
                    "24cb798703f90a608973fa3ea9c358fee3b30a3e512c0e30"
#define V_SNP_KEY_S "37880ef5c88f0cb8455fc2996f8f9e9b5504f7ac7f98380a" \
                    "af6dde185f8e603d77b5c87560dd336c81edf3ed160f4bd5"

/* SHA-384 of the keys as they are in the ID authentication */
#define V_SNP_ID_DIGEST "870b7e35c53f8a72d0d322f75ab2af8262792aaf6579622c" \
                        "e4131c3f21f289e77cb0560a5e3b90b3932e674ec709cb14"
#define V_SNP_AUTHOR_DIGEST "63111c34bbfc0a4938f9a009bd074980d8172323e61599c9" \
                            "fd336da8673248e1dca98d0be8f76376a106b8afd4c0a057"

#define V_SNP_POLICY    0x30000ull
#define V_SNP_VMSA_GPA  0xfffffffff000ull

#endif
