// SPDX-License-Identifier: BSL-1.0
// What the sockets that take the place of ENet's do alike in each program: they are numbers, each is its own port, and nothing waits.
#include <enet/enet.h>

extern "C" {

int enet_socket_bind(ENetSocket, const ENetAddress*) {
    return 0;
}
int enet_socket_get_address(ENetSocket socket, ENetAddress* address) {
    *address = {0, static_cast<enet_uint16>(socket)};
    return 0;
}
int enet_socket_set_option(ENetSocket, ENetSocketOption, int) {
    return 0;
}
void enet_socket_destroy(ENetSocket) {}
int enet_socket_wait(ENetSocket, enet_uint32* condition, enet_uint32) {
    *condition = ENET_SOCKET_WAIT_NONE;
    return 0;
}

}  // extern "C"
