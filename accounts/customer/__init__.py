"""Who a customer is: the person, their addresses, and the links and codes that prove one."""
