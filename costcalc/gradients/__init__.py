"""What training a network costs: mult-adds forward and backward, and the bytes kept between."""
