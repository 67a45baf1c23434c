import warnings

import torch

warnings.filterwarnings("ignore", ".*Sparse CSR.*")
torch.manual_seed(0)

# --- COO ---
i = torch.tensor([[0, 1, 1, 3], [2, 0, 2, 1]])
v = torch.tensor([3.0, 4.0, 5.0, 6.0], requires_grad=True)
S = torch.sparse_coo_tensor(i, v, (4, 3))
D = torch.randn(3, 2, requires_grad=True)
out = torch.sparse.mm(S, D)
print(out.shape, out.grad_fn.name())
out.sum().backward()
print("dv =", v.grad.numpy().round(3))
print("dD rows sum =", D.grad.sum(1).tolist())
print("check:", torch.allclose(D.grad, S.detach().to_dense().t() @ torch.ones(4, 2)))

# --- gradient wrt a sparse leaf ---
A = torch.eye(3).to_sparse().requires_grad_(True)
y = torch.sparse.sum(A)
y.backward()
print("sparse grad:", A.grad.layout, A.grad.to_dense().sum().item())

# --- CSR ---
crow = torch.tensor([0, 2, 3])
col = torch.tensor([0, 2, 1])
val = torch.tensor([1.0, 2.0, 3.0])
C = torch.sparse_csr_tensor(crow, col, val, (2, 3))
print(C.layout, C.crow_indices().tolist(), C.col_indices().tolist())
x = torch.randn(3, requires_grad=True)
(C @ x.unsqueeze(1)).pow(2).sum().backward()
dense = C.to_dense()
print("csr grad ok:", torch.allclose(x.grad, 2 * dense.t() @ (dense @ x.detach())))

# --- sparse softmax ---
L = torch.sparse.log_softmax(S.detach().coalesce(), dim=1)
print(L.coalesce().values().exp().numpy().round(3))
